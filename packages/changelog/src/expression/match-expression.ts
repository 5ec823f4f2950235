/**
 * The boolean expressions of contexts and labels, after Liquibase's published grammar: `and` binds tighter than `or`,
 * a comma is an `or` that binds loosest, `!x` and `not x` negate, parentheses group, names may hold anything else.
 */

type Expression =
  | { kind: 'name'; name: string; required: boolean }
  | { kind: 'not'; of: Expression }
  | { kind: 'and' | 'or'; of: readonly Expression[] }

/**
 * Whether a set of names satisfies an expression. Case does not matter.
 * @param matchesAnything with an empty set, so that "no filter" lets everything run; `@name` must be in the set even then.
 * @throws SyntaxError with a sentence when parentheses don't match or an operand is missing.
 */
export function matchExpression(expression: string, names: readonly string[], matchesAnything: boolean): boolean {
  if (expression.trim() === '') return true
  const parsed = parseExpression(expression)
  const set = new Set(names.map((name) => name.trim().toLowerCase()))
  if (matchesAnything && set.size === 0) return !fails(parsed)
  return holds(parsed, set)
}

function holds(expression: Expression, set: ReadonlySet<string>): boolean {
  switch (expression.kind) {
    case 'name':
      return set.has(expression.name)
    case 'not':
      return !holds(expression.of, set)
    case 'and':
      return expression.of.every((part) => holds(part, set))
    case 'or':
      return expression.of.some((part) => holds(part, set))
  }
}

/** With no names given only a required name (`@x`) can fail, and `!@x` can't. */
function fails(expression: Expression): boolean {
  switch (expression.kind) {
    case 'name':
      return expression.required
    case 'not':
      return false
    case 'and':
      return expression.of.some(fails)
    case 'or':
      return expression.of.every(fails)
  }
}

/** @throws SyntaxError see {@link matchExpression}. */
export function parseExpression(text: string): Expression {
  const tokens = text.toLowerCase().match(/[(),!]|[^\s(),!]+/g) ?? []
  let next = 0

  function list(): Expression {
    const parts = [or()]
    while (tokens[next] === ',') {
      next += 1
      parts.push(or())
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'or', of: parts }
  }
  function or(): Expression {
    const parts = [and()]
    while (tokens[next] === 'or') {
      next += 1
      parts.push(and())
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'or', of: parts }
  }
  function and(): Expression {
    const parts = [operand()]
    while (tokens[next] === 'and') {
      next += 1
      parts.push(operand())
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'and', of: parts }
  }
  function operand(): Expression {
    const token = tokens[next]
    if (token === undefined || [',', ')', 'and', 'or'].includes(token)) {
      throw new SyntaxError(
        `the expression "${text}" lacks a name before ${token === undefined ? 'its end' : `"${token}"`}`,
      )
    }
    next += 1
    if (token === '!' || token === 'not') return { kind: 'not', of: operand() }
    if (token === '(') {
      const inner = list()
      if (tokens[next] !== ')') throw new SyntaxError(`the expression "${text}" lacks a closing parenthesis`)
      next += 1
      return inner
    }
    // Names may hold blanks: "a b" is one name.
    const words = [token]
    for (let word = tokens[next]; word !== undefined && !/^(?:[(),!]|and|or)$/.test(word); word = tokens[next]) {
      words.push(word)
      next += 1
    }
    const name = words.join(' ')
    return name.startsWith('@')
      ? { kind: 'name', name: name.slice(1), required: true }
      : { kind: 'name', name, required: false }
  }

  const expression = list()
  if (next < tokens.length) throw new SyntaxError(`the expression "${text}" has a "${tokens[next]}" too many`)
  return expression
}
