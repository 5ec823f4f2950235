import jsep from 'jsep'
import { excerpt, ExpressionError } from './expression-error.ts'
import { MAX_EXPRESSION_LENGTH, MAX_TREE_DEPTH } from './limits.ts'
import { findExpressionEnd, findStringEnd, scanText } from './scan-text.ts'
import { BINARY_OPERATORS, type SyntaxNode, UNARY_OPERATORS } from './syntax-tree.ts'

/** Private-use character: names a nested part in the text that jsep reads, and is refused in what people write. */
const MARK = '\uE000'

/**
 * Reads the body of a `<+…>` into a tree of the things expressions are allowed to be. Nested `<+…>`, also inside
 * strings, become subtrees: values are never pasted into source text. Throws ExpressionError.
 */
export function parseExpression(body: string, nesting = 0): SyntaxNode {
  if (body.length > MAX_EXPRESSION_LENGTH) {
    throw new ExpressionError('too_large', `An expression is longer than ${MAX_EXPRESSION_LENGTH} characters.`, {
      expression: body,
    })
  }
  if (body.includes(MARK)) {
    throw new ExpressionError('syntax', `The expression "${excerpt(body)}" holds the character U+E000.`, {
      expression: body,
    })
  }
  const nested: SyntaxNode[] = []
  const source = extractNested(body, nested, nesting)
  return lower(readSource(source, body), { body, nested }, 0)
}

/** Reads text into a tree: one expression alone is that expression, anything else a string made of parts. */
export function parseText(text: string, nesting = 0): SyntaxNode {
  const parts: SyntaxNode[] = scanText(text, nesting).map((part) =>
    part.kind === 'text' ? { kind: 'literal', value: part.text } : parseExpression(part.body, nesting + 1),
  )
  const [only, second] = parts
  if (only !== undefined && second === undefined) return only
  return { kind: 'text', parts }
}

function extractNested(body: string, nested: SyntaxNode[], nesting: number): string {
  let source = ''
  let index = 0
  const mark = (node: SyntaxNode) => {
    // Spaces keep the mark from growing together with a name beside it.
    source += ` ${MARK}${nested.length} `
    nested.push(node)
  }
  while (index < body.length) {
    const character = body[index] ?? ''
    if (character === '"' || character === "'") {
      const end = findStringEnd(body, index, nesting)
      const literal = body.slice(index, end + 1)
      if (literal.includes('<+')) mark({ kind: 'text', parts: [parseText(unescape(literal.slice(1, -1)), nesting)] })
      else source += literal
      index = end + 1
    } else if (character === '<' && body[index + 1] === '+') {
      const end = findExpressionEnd(body, index, nesting)
      mark(parseExpression(body.slice(index + 2, end), nesting + 1))
      index = end + 1
    } else {
      source += character
      index += 1
    }
  }
  return source
}

function unescape(text: string): string {
  return text.replaceAll(/\\(["'\\])/g, '$1')
}

function readSource(source: string, body: string): jsep.Expression {
  try {
    return jsep(source)
  } catch (error) {
    // jsep throws on what it can't read, and the engine when parentheses are nested beyond its stack.
    const reason = error instanceof Error && !(error instanceof RangeError) ? error.message : 'it is nested too deeply'
    throw new ExpressionError('syntax', `The expression "${excerpt(body.trim())}" can't be read: ${reason}.`, {
      expression: body,
    })
  }
}

interface Lowering {
  body: string
  nested: readonly SyntaxNode[]
}

function lower(expression: jsep.Expression, lowering: Lowering, depth: number): SyntaxNode {
  const { body } = lowering
  const refuse = (what: string) =>
    new ExpressionError(
      'not_allowed',
      `The expression "${excerpt(body.trim())}" uses ${what}, which expressions don't have.`,
      {
        expression: body,
      },
    )
  if (depth > MAX_TREE_DEPTH) {
    throw new ExpressionError('too_large', `The expression "${excerpt(body.trim())}" is nested too deeply.`, {
      expression: body,
    })
  }
  const next = (child: jsep.Expression) => lower(child, lowering, depth + 1)
  const node = asCore(expression)
  switch (node.type) {
    case 'Literal': {
      const { value } = node
      if (typeof value === 'object' && value !== null) throw refuse('a regular expression')
      return { kind: 'literal', value }
    }
    case 'Identifier': {
      if (!node.name.startsWith(MARK)) return { kind: 'name', name: node.name }
      const nested = lowering.nested[Number(node.name.slice(MARK.length))]
      if (nested === undefined) throw refuse('an unknown name')
      return nested
    }
    case 'MemberExpression': {
      if (node.optional) throw refuse('"?."')
      const object = next(node.object)
      if (node.computed) return { kind: 'element', object, key: next(node.property) }
      const property = asCore(node.property)
      if (property.type !== 'Identifier') throw refuse('a property without a name')
      const { name } = property
      if (name.startsWith(MARK)) return { kind: 'element', object, key: next(node.property) }
      return { kind: 'property', object, name }
    }
    case 'CallExpression': {
      const callee = asCore(node.callee)
      if (callee.type !== 'MemberExpression' || callee.computed) throw refuse('a call that is not a method')
      const property = asCore(callee.property)
      if (property.type !== 'Identifier') throw refuse('a call that is not a method')
      const method = property.name
      const values = node.arguments.map(next)
      const object = next(callee.object)
      if (object.kind === 'name' && object.name === 'secrets') {
        const [name, more] = values
        if (method !== 'getValue' || name === undefined || more !== undefined)
          throw refuse(`"secrets.${method}" in this form`)
        return { kind: 'secret', name }
      }
      return { kind: 'call', object, method, arguments: values }
    }
    case 'UnaryExpression': {
      const operator = UNARY_OPERATORS.find((candidate) => candidate === node.operator)
      if (operator === undefined) throw refuse(`the operator "${node.operator}"`)
      return { kind: 'unary', operator, operand: next(node.argument) }
    }
    case 'BinaryExpression': {
      const operator = BINARY_OPERATORS.find((candidate) => candidate === node.operator)
      if (operator === undefined) throw refuse(`the operator "${node.operator}"`)
      return { kind: 'binary', operator, left: next(node.left), right: next(node.right) }
    }
    case 'ConditionalExpression':
      return {
        kind: 'conditional',
        test: next(node.test),
        whenTrue: next(node.consequent),
        whenFalse: next(node.alternate),
      }
    case 'Compound':
      throw new ExpressionError(
        'syntax',
        node.body.length === 0
          ? 'The expression "<+>" is empty.'
          : `The expression "${excerpt(body.trim())}" can't be read: an operator is missing between its parts.`,
        { expression: body },
      )
    case 'ArrayExpression':
      throw refuse('a list')
    case 'SequenceExpression':
      throw refuse('","')
    case 'ThisExpression':
      throw refuse('"this"')
    default:
      throw refuse('a construct')
  }
}

/** Parsing seam: without plugins jsep makes nodes of this union only; the switch above refuses any other. */
function asCore(expression: jsep.Expression): jsep.CoreExpression {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types call every node an Expression
  return expression as jsep.CoreExpression
}

/** Throws ExpressionError unless every `<+…>` of the text can be read. Nothing is evaluated. */
export function checkTextSyntax(text: string): void {
  parseText(text)
}

/** Same for a condition, which is the body of an expression. */
export function checkConditionSyntax(text: string): void {
  parseExpression(text.trim())
}
