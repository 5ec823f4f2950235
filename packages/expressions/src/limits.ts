/** Longest text that may hold expressions; as large as a pipeline may be. */
export const MAX_TEXT_LENGTH = 1_048_576
/** Longest single expression. Longer ones are programs, and belong in a step. */
export const MAX_EXPRESSION_LENGTH = 8_192
/** Deepest `<+ <+ … > >` and deepest syntax tree: bounds our recursion well below the engine's stack. */
export const MAX_NESTING = 20
export const MAX_TREE_DEPTH = 200
/** Deepest chain of variables that refer to variables. */
export const MAX_TEMPLATE_DEPTH = 20
/** Syntax nodes visited (and 64-character pieces of text read) for one text, so that variables which refer to each other twice can't multiply without end. */
export const MAX_OPERATIONS = 50_000
/** Longest text a value may grow to; as large as one step output may be. */
export const MAX_VALUE_LENGTH = 262_144
/** Most elements `split` may make. */
export const MAX_ELEMENTS = 10_000
