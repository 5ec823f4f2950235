/** What an expression may be made of; everything else is refused while parsing. */
export type SyntaxNode =
  | { kind: 'literal'; value: string | number | boolean | null }
  /** A string with `<+…>` in it. */
  | { kind: 'text'; parts: readonly SyntaxNode[] }
  | { kind: 'name'; name: string }
  | { kind: 'property'; object: SyntaxNode; name: string }
  | { kind: 'element'; object: SyntaxNode; key: SyntaxNode }
  | { kind: 'call'; object: SyntaxNode; method: string; arguments: readonly SyntaxNode[] }
  | { kind: 'secret'; name: SyntaxNode }
  | { kind: 'unary'; operator: UnaryOperator; operand: SyntaxNode }
  | { kind: 'binary'; operator: BinaryOperator; left: SyntaxNode; right: SyntaxNode }
  | { kind: 'conditional'; test: SyntaxNode; whenTrue: SyntaxNode; whenFalse: SyntaxNode }

export const UNARY_OPERATORS = ['!', '-'] as const
export type UnaryOperator = (typeof UNARY_OPERATORS)[number]
export const BINARY_OPERATORS = ['==', '!=', '<', '>', '<=', '>=', '&&', '||', '+', '-', '*', '/', '%'] as const
export type BinaryOperator = (typeof BINARY_OPERATORS)[number]
