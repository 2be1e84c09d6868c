/** Ink's grid of cells, which its package does not export; the bundle finds it (scripts/bundle-plugins.ts). */
declare module 'ink-output' {
  type Transformer = (line: string, index: number) => string
  interface Operation {
    type: 'write' | 'clip' | 'unclip'
    x: number
    y: number
    text: string
    transformers: readonly Transformer[]
  }
  export default class Output {
    readonly height: number
    protected readonly operations: readonly Operation[]
    constructor(options: { width: number; height: number })
    write(x: number, y: number, text: string, options: { transformers: readonly Transformer[] }): void
    clip(area: { x1: number; x2: number; y1: number; y2: number }): void
    unclip(): void
    /** The screen's lines, joined by line ends. */
    get(): { output: string; height: number }
  }
}
