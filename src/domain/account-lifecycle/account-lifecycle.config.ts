/** A document that new users must agree to. */
export interface TermsDocument {
  readonly version: string;
  readonly name: string;
  readonly url: string;
  /** As in `en`. */
  readonly language: string;
}

export interface RegistrationConfig {
  readonly enabled: boolean;
  readonly allowGuests: boolean;
  readonly requireToken: boolean;
  /** No mail address can be proven yet, so this closes registration. */
  readonly requireEmail: boolean;
  readonly requireTerms: boolean;
  readonly terms: Readonly<Record<string, TermsDocument>>;
  /** Null switches shared-secret registration off. */
  readonly sharedSecret: string | null;
}
