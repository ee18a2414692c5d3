/** What a statement needs to know of the question besides its plan. */
export interface Question {
  /** An IANA name: days and hours are those of this zone. */
  zone: string;
  /** The moment that `now` means, as ISO 8601. All pages of one question share it. */
  now: string;
}
