/** Text with at least one secret reference in it. It can be joined to other text, and nothing else. */
export class SecretText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}
