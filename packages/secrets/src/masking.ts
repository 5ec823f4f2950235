import { AppError } from '@sluice/contracts/errors'
import { maskedForms } from './masked-forms.ts'
import { PatternAutomaton } from './pattern-automaton.ts'

/** Masking of secret values in text, where lines are made and wherever they pass. Runs anywhere: no Node imports. */

/** Shorter values can't be masked without masking ordinary text, so they are refused at creation. */
export const MIN_SECRET_LENGTH = 4
export const MASK = '******'

/**
 * Refuses a value that masking can't protect. The message never quotes the value.
 * @param name what to call it in the message
 * @throws AppError SECRET_TOO_SHORT
 */
export function assertMaskable(value: string, name?: string): void {
  // Surrounding space is not what makes a value hard to guess, and lines are masked without it too.
  if (value.trim().length >= MIN_SECRET_LENGTH) return
  const what = name === undefined ? 'The value of a secret' : `The value of secret "${name}"`
  throw new AppError(
    'SECRET_TOO_SHORT',
    `${what} must have at least ${MIN_SECRET_LENGTH} characters: shorter ones can't be masked in logs. Choose a longer one.`,
  )
}

/** Masks a text that comes in pieces. One per text; not to be shared. */
export interface MaskStream {
  /** Takes a piece and returns what can be shown by now. A tail that may begin a secret is held back. */
  write(chunk: string): string
  /** The held-back rest. The stream begins anew afterwards. */
  end(): string
}

export interface Masker {
  maskText(text: string): string
  /** For one log line; the same as `maskText`. */
  maskLine(line: string): string
  /** Masks every string and every key within a JSON value. */
  maskJson<Value>(value: Value): Value
  stream(): MaskStream
  /** A web stream that masks pieces of text as they pass. */
  transform(): TransformStream<string, string>
}

/**
 * A masker for these values: each value, its lines of three characters and more, and their JSON, URL and base64
 * forms become `******`. Time is linear in the text. What overlaps is masked as one.
 * @throws AppError SECRET_TOO_SHORT for a value under four characters
 */
export function createMasker(values: Iterable<string>): Masker {
  const forms = new Set<string>()
  for (const value of values) {
    assertMaskable(value)
    for (const form of maskedForms(value)) forms.add(form)
  }
  const automaton = new PatternAutomaton(forms)
  const maskText = (text: string): string => {
    if (forms.size === 0) return text
    const stream = new Scanner(automaton)
    return stream.write(text) + stream.end()
  }
  return {
    maskText,
    maskLine: maskText,
    // The seam: a value keeps its shape, and strings stay strings.
    maskJson: <Value>(value: Value) => maskDeep(value, maskText) as Value,
    stream: () => new Scanner(automaton),
    transform: () => {
      const scanner = new Scanner(automaton)
      return new TransformStream<string, string>({
        transform: (chunk, controller) => enqueue(controller, scanner.write(chunk)),
        flush: (controller) => enqueue(controller, scanner.end()),
      })
    },
  }
}

function enqueue(controller: TransformStreamDefaultController<string>, text: string): void {
  if (text !== '') controller.enqueue(text)
}

function maskDeep(value: unknown, maskText: (text: string) => string): unknown {
  if (typeof value === 'string') return maskText(value)
  if (Array.isArray(value)) return value.map((item) => maskDeep(item, maskText))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [maskText(key), maskDeep(item, maskText)]))
}

interface Covered {
  /** Positions in the whole text: `start` included, `end` not. */
  start: number
  end: number
}

/**
 * One pass over a text. A match ending at a position can't begin before the automaton's depth there, so everything
 * before that is decided and can be shown.
 */
class Scanner implements MaskStream {
  readonly #automaton: PatternAutomaton
  #node = 0
  /** Text not shown yet, and the position of its first unit. */
  #held = ''
  #position = 0
  /** Covered ranges that reach into the held text; in order, none touching another. */
  #covered: Covered[] = []
  /** End of the range whose mask was shown last: what goes on there is swallowed. */
  #maskedUntil = -1

  constructor(automaton: PatternAutomaton) {
    this.#automaton = automaton
  }

  write(chunk: string): string {
    const base = this.#position + this.#held.length
    let node = this.#node
    for (let index = 0; index < chunk.length; index += 1) {
      node = this.#automaton.next(node, chunk.charCodeAt(index))
      const length = this.#automaton.matchLength(node)
      if (length > 0) this.#cover(base + index + 1 - length, base + index + 1)
    }
    this.#node = node
    this.#held += chunk
    return this.#show(base + chunk.length - this.#automaton.depth(node))
  }

  end(): string {
    const rest = this.#show(this.#position + this.#held.length)
    this.#node = 0
    this.#held = ''
    this.#position = 0
    this.#covered = []
    this.#maskedUntil = -1
    return rest
  }

  /** Ends only grow, so joining with the ranges at the end of the list keeps it in order; each is joined once. */
  #cover(start: number, end: number): void {
    let from = start
    for (let last = this.#covered.at(-1); last !== undefined && last.end >= from; last = this.#covered.at(-1)) {
      from = Math.min(from, last.start)
      this.#covered.pop()
    }
    this.#covered.push({ start: from, end })
  }

  /** Shows what lies before `until`. */
  #show(until: number): string {
    let shown = ''
    let position = this.#position
    let done = 0
    for (const range of this.#covered) {
      if (range.start >= until) break
      if (range.start > position) shown += this.#slice(position, range.start)
      // A range that grew, or goes on at once, after its mask was shown has the same mask.
      if (range.start > this.#maskedUntil) shown += MASK
      this.#maskedUntil = range.end
      position = Math.max(position, Math.min(range.end, until))
      if (range.end <= until) done += 1
    }
    shown += this.#slice(position, Math.max(position, until))
    const next = Math.max(position, until)
    this.#held = this.#held.slice(next - this.#position)
    this.#position = next
    if (done > 0) this.#covered = this.#covered.slice(done)
    return shown
  }

  #slice(from: number, to: number): string {
    return this.#held.slice(from - this.#position, to - this.#position)
  }
}
