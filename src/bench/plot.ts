/** An SVG of proving time against circuit size, both axes logarithmic, one line a contestant. Takes the NN workloads. */
import type { BenchResult } from './results.js';

const WIDTH = 720;
const HEIGHT = 440;
const MARGIN = { left: 70, right: 170, top: 40, bottom: 50 };
const COLOURS = ['#0b6e99', '#d1495b', '#2e933c', '#edae49', '#6a4c93', '#555555'];

export function plot(result: BenchResult): string {
  const workloads = result.workloads.filter((workload) => workload.kind === 'nn').sort((a, b) => a.power - b.power);
  const names = [...new Set(workloads.flatMap((workload) => workload.timings.map((timing) => timing.name)))];
  const times = workloads.flatMap((workload) => workload.timings.map((timing) => timing.medianMs));
  const decades = [Math.floor(Math.log10(Math.min(...times))), Math.ceil(Math.log10(Math.max(...times)))];
  const powers = workloads.map((workload) => workload.power);
  const scale = (low: number, high: number, from: number, to: number) => (value: number) =>
    high === low ? (from + to) / 2 : from + ((value - low) / (high - low)) * (to - from);
  const x = scale(Math.min(...powers), Math.max(...powers), MARGIN.left, WIDTH - MARGIN.right);
  const y = scale(decades[0], decades[1], HEIGHT - MARGIN.bottom, MARGIN.top);

  const parts = [text(MARGIN.left, 22, 'Groth16 proof, neural-network witness', 'start', 15)];
  for (let decade = decades[0]; decade <= decades[1]; decade++) {
    parts.push(line(MARGIN.left, y(decade), WIDTH - MARGIN.right, y(decade), '#dddddd'));
    parts.push(text(MARGIN.left - 8, y(decade) + 4, duration(10 ** decade), 'end'));
  }
  for (const power of powers) {
    parts.push(text(x(power), HEIGHT - MARGIN.bottom + 18, `2^${power}`, 'middle'));
  }
  parts.push(text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 12, 'domain size', 'middle'));
  names.forEach((name, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const points = workloads.flatMap((workload) => {
      const timing = workload.timings.find((candidate) => candidate.name === name);
      return timing === undefined ? [] : [[x(workload.power), y(Math.log10(timing.medianMs))] as const];
    });
    const path = points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ');
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const [px, py] of points) parts.push(`<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3" fill="${colour}"/>`);
    const row = MARGIN.top + 10 + 20 * index;
    parts.push(line(WIDTH - MARGIN.right + 15, row - 4, WIDTH - MARGIN.right + 35, row - 4, colour, 2));
    parts.push(text(WIDTH - MARGIN.right + 40, row, name, 'start'));
  });
  const size = `viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}"`;
  const background = `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif">${background}\n${parts.join('\n')}\n</svg>\n`;
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}

function line(x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): string {
  const ends = [x1, y1, x2, y2].map((value) => value.toFixed(1));
  return `<line x1="${ends[0]}" y1="${ends[1]}" x2="${ends[2]}" y2="${ends[3]}" stroke="${stroke}" stroke-width="${width}"/>`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', size = 12): string {
  const escaped = content.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}">${escaped}</text>`;
}
