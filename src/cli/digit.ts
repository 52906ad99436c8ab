/** A 28×28 grey image (0 to 1, row by row) in characters, two rows to a line. */
const SHADES = ' .:-=+*#%@';
const SIDE = 28;

export function drawDigit(pixels: ArrayLike<number>): string {
  const lines: string[] = [];
  for (let row = 0; row < SIDE; row += 2) {
    let line = '';
    for (let column = 0; column < SIDE; column += 1) {
      const shade = (pixels[row * SIDE + column] + pixels[(row + 1) * SIDE + column]) / 2;
      line += SHADES[Math.min(SHADES.length - 1, Math.floor(shade * SHADES.length))];
    }
    lines.push(line.trimEnd());
  }
  return lines.join('\n');
}
