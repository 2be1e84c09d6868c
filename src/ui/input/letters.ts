/** Letters that choose an item of a list, in its order; `q` closes the list. */
export const LETTERS: readonly string[] = [...'abcdefghijklmnoprstu']
