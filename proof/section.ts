/** What one part of the proof has come to. */
export interface Section {
  readonly ok: boolean;
  /** Markdown. */
  readonly text: string;
}
