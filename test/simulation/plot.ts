/** What a lie earns against how often lies are found: measured points, and the line that the rules give. */
import { TERMS, type SimulationReport } from './simulate.js';

const WIDTH = 640;
const HEIGHT = 380;
const BOX = { left: 80, right: 610, top: 50, bottom: 320 };

/** Expected gain of a lie in fees: the operator's share if it is not found, the bond if it is. */
export function expectedGain(detection: number): number {
  const share = Number(TERMS.operatorBps) / 10_000;
  return (1 - detection) * share - detection * (Number(TERMS.bond) / Number(TERMS.fee));
}

export function plotLies(reports: readonly SimulationReport[]): string {
  const low = Math.floor(expectedGain(1));
  const x = (detection: number): number => BOX.left + detection * (BOX.right - BOX.left);
  const y = (gain: number): number => BOX.top + ((1 - gain) / (1 - low)) * (BOX.bottom - BOX.top);
  const label = (px: number, py: number, text: string, anchor = 'middle', size = 12): string =>
    `<text x="${px.toFixed(1)}" y="${py.toFixed(1)}" text-anchor="${anchor}" font-size="${size}">${text}</text>`;
  const rule = (x1: number, y1: number, x2: number, y2: number, colour: string, width = 1): string =>
    `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${colour}" stroke-width="${width}"/>`;
  const parts = [label(BOX.left, 26, 'Mean profit of a lie, in fees (before gas)', 'start', 15)];
  for (let gain = low; gain <= 1; gain++)
    parts.push(
      rule(BOX.left, y(gain), BOX.right, y(gain), gain === 0 ? '#333333' : '#dddddd'),
      label(BOX.left - 10, y(gain) + 4, String(gain), 'end'),
    );
  for (let tenth = 0; tenth <= 10; tenth += 2) parts.push(label(x(tenth / 10), BOX.bottom + 20, `${tenth * 10} %`));
  parts.push(label((BOX.left + BOX.right) / 2, BOX.bottom + 44, 'share of wrong answers that somebody disputes'));
  parts.push(rule(x(0), y(expectedGain(0)), x(1), y(expectedGain(1)), '#0b6e99', 2));
  const fee = Number(TERMS.fee) / 1e18;
  for (const { detection, lies } of reports) {
    parts.push(
      `<circle cx="${x(detection).toFixed(1)}" cy="${y(lies.lies.profitPerLie / fee).toFixed(1)}" r="5" fill="#d1495b"/>`,
    );
    const [cx, cy] = [x(detection), y(lies.hides.profitPerLie / fee)];
    parts.push(`<path d="M${(cx - 6).toFixed(1)} ${cy.toFixed(1)} h12 m-6 -6 v12" stroke="#8a5a00" stroke-width="2"/>`);
  }
  parts.push(
    rule(400, 62, 430, 62, '#0b6e99', 2),
    label(438, 66, 'expected by the rules', 'start'),
    '<circle cx="415" cy="79" r="5" fill="#d1495b"/>',
    label(438, 83, 'simulated on the EVM', 'start'),
  );
  parts.push(
    '<path d="M409 96 h12 m-6 -6 v12" stroke="#8a5a00" stroke-width="2"/>',
    label(438, 100, 'disputing itself first', 'start'),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif"><rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>\n${parts.join('\n')}\n</svg>\n`;
}
