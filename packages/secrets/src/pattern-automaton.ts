/**
 * Aho–Corasick over UTF-16 units: finds every occurrence of many patterns in one pass, in time linear in the text,
 * however the patterns overlap.
 */
export class PatternAutomaton {
  /** `node * 65536 + unit` → child. One flat map: a node of its own per character would cost ten times the memory. */
  readonly #children = new Map<number, number>()
  /** Node of the longest proper suffix that is a prefix of some pattern. */
  readonly #fallback: number[] = [0]
  readonly #depth: number[] = [0]
  /** The edge that leads to a node, as in `#children`. */
  readonly #edge: number[] = [0]
  /** Length of the longest pattern that ends at a node; 0 for none. */
  readonly #match: number[] = [0]

  constructor(patterns: Iterable<string>) {
    for (const pattern of patterns) this.#insert(pattern)
    this.#connect()
  }

  /** The node after `unit`; node 0 is the beginning. */
  next(node: number, unit: number): number {
    let from = node
    for (;;) {
      const child = this.#children.get(from * 65_536 + unit)
      if (child !== undefined) return child
      if (from === 0) return 0
      from = this.#fallback[from] ?? 0
    }
  }

  /** Length of the longest pattern that ends here; 0 for none. */
  matchLength(node: number): number {
    return this.#match[node] ?? 0
  }

  /** How many of the last units may be the beginning of a pattern. */
  depth(node: number): number {
    return this.#depth[node] ?? 0
  }

  #insert(pattern: string): void {
    let node = 0
    for (let index = 0; index < pattern.length; index += 1) {
      const edge = node * 65_536 + pattern.charCodeAt(index)
      let child = this.#children.get(edge)
      if (child === undefined) {
        child = this.#depth.length
        this.#children.set(edge, child)
        this.#depth.push(index + 1)
        this.#edge.push(edge)
        this.#match.push(0)
        this.#fallback.push(0)
      }
      node = child
    }
    this.#match[node] = pattern.length
  }

  /** Breadth first: the fallback of a parent is known before its children ask for it. */
  #connect(): void {
    for (const child of this.#byDepth()) {
      const edge = this.#edge[child] ?? 0
      const parent = Math.floor(edge / 65_536)
      const unit = edge % 65_536
      const fallback = parent === 0 ? 0 : this.next(this.#fallback[parent] ?? 0, unit)
      this.#fallback[child] = fallback
      // The longest pattern ending at this node covers every shorter one that ends here as well.
      if ((this.#match[child] ?? 0) === 0) this.#match[child] = this.#match[fallback] ?? 0
    }
  }

  /** Every node but the first, by depth: a counting sort, as a large secret has a million nodes. */
  #byDepth(): Uint32Array {
    const places: number[] = []
    for (const depth of this.#depth) places[depth] = (places[depth] ?? 0) + 1
    let next = 0
    for (let depth = 0; depth < places.length; depth += 1) {
      const count = places[depth] ?? 0
      places[depth] = next
      next += count
    }
    const nodes = new Uint32Array(this.#depth.length)
    for (const [node, depth] of this.#depth.entries()) {
      const place = places[depth] ?? 0
      nodes[place] = node
      places[depth] = place + 1
    }
    return nodes.subarray(1)
  }
}
