/** One thing that was checked, with a sentence, and where it is not well, what to do. The same shape as a check of `thatdam doctor`. */
export interface Finding {
  /** What was checked, in a word or two: `login`, `version`, `clock`. */
  readonly name: string
  readonly ok: boolean
  readonly message: string
  readonly advice?: string
}

/** A backend that can say how it is: whether it is reached, lets this node in, which version it is, what it can do, how its clock stands. */
export interface Examinable {
  /** Reads only. Never rejects for what it finds; an abort of the signal ends it with the signal's reason. */
  examine(signal: AbortSignal): Promise<readonly Finding[]>
}
