/**
 * YAML 1.1 typing of plain scalars, as the YAML library under Liquibase does it, and the text that its values print as.
 * Liquibase sees typed values, so `1.50` becomes `1.5` and `yes` becomes `true` before anything is hashed or run.
 */
export type YamlScalar =
  | { kind: 'text'; text: string }
  | { kind: 'null' }
  /** Prints differently depending on where it stands and on the machine's time zone: must be quoted. */
  | { kind: 'timestamp' }

const NULL = /^(?:~|null|Null|NULL|)$/
const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/
const INTEGER =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const TIMESTAMP =
  /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?[ \t]*(?:Z|[-+]\d{1,2}(?::?\d{2})?)$/

/** @param plain the text of an unquoted scalar. */
export function readPlainScalar(plain: string): YamlScalar {
  if (NULL.test(plain)) return { kind: 'null' }
  if (TRUE.test(plain)) return text('true')
  if (FALSE.test(plain)) return text('false')
  if (INTEGER.test(plain)) return text(printInteger(plain))
  if (FLOAT.test(plain)) return text(printFloat(plain))
  const date = DATE.exec(plain)
  if (date !== null) return text(printDate(Number(date[1]), Number(date[2]), Number(date[3])))
  if (TIMESTAMP.test(plain)) return { kind: 'timestamp' }
  return text(plain)
}

function text(value: string): YamlScalar {
  return { kind: 'text', text: value }
}

function printInteger(plain: string): string {
  const negative = plain.startsWith('-')
  const digits = plain.replace(/^[-+]/, '').replaceAll('_', '')
  const value = integerValue(digits)
  return (negative ? -value : value).toString()
}

function integerValue(digits: string): bigint {
  if (digits.startsWith('0b') || digits.startsWith('0x')) return BigInt(digits)
  if (digits.includes(':')) return digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n)
  if (digits.length > 1 && digits.startsWith('0')) return BigInt(`0o${digits.slice(1)}`)
  return BigInt(digits)
}

function printFloat(plain: string): string {
  const negative = plain.startsWith('-')
  const digits = plain.replace(/^[-+]/, '').replaceAll('_', '')
  if (/nan/i.test(digits)) return 'NaN'
  if (/inf/i.test(digits)) return negative ? '-Infinity' : 'Infinity'
  const value = digits.includes(':')
    ? digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
    : Number(digits)
  return printDouble(negative ? -value : value)
}

/** As Java prints a double: always with a fraction, and with an exponent outside 0.001 … 10,000,000. */
export function printDouble(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  const size = Math.abs(value)
  if (size === 0 || (size >= 1e-3 && size < 1e7)) {
    const plain = String(value)
    return plain.includes('.') ? plain : `${plain}.0`
  }
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e')
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`
}

/** A date prints as Java prints one at midnight UTC. (Liquibase uses the zone of its machine; UTC is what servers and containers have.) */
function printDate(year: number, month: number, day: number): string {
  const date = new Date(Date.UTC(year, month - 1, day))
  const weekday = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getUTCDay()]
  const monthName = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][
    date.getUTCMonth()
  ]
  return `${weekday} ${monthName} ${String(date.getUTCDate()).padStart(2, '0')} 00:00:00 UTC ${date.getUTCFullYear()}`
}
