/** What lies at a path. Handed in, so that reading stays in one place and tests can bring files of their own. */
export type Found =
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly kind: 'directory'; readonly names: readonly string[] }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string };

export interface Files {
  look(path: string): Found;
}
