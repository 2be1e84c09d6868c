/** Letters of a list of which one key takes an item, in its order; `q` closes the list. */
export const LETTERS: readonly string[] = [...'abcdefghijklmnoprstu']
