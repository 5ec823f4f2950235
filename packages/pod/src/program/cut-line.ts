import { LOG_LINE_MAX } from '@sluice/contracts/logs'

/** Cuts a line that is longer than a log line may be, and says so in it. */
export function cutLine(text: string): string {
  if (text.length <= LOG_LINE_MAX) return text
  // Not between the halves of a surrogate pair: a lone half is not valid UTF-8.
  const isHalf = /[\uD800-\uDBFF]/.test(text.charAt(LOG_LINE_MAX - 1))
  const kept = text.slice(0, isHalf ? LOG_LINE_MAX - 1 : LOG_LINE_MAX)
  return `${kept} … [cut: the line has ${text.length} characters]`
}
