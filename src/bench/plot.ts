/**
 * An SVG of proving time against circuit size, both axes logarithmic, one line a contestant. Takes the NN workloads.
 */
import { svgCurve, svgDocument, svgLine, svgScale, svgText } from '../svg.js';
import type { BenchResult } from './results.js';

const TITLE = 'Groth16 proof, neural-network witness';
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
  const x = svgScale(Math.min(...powers), Math.max(...powers), MARGIN.left, WIDTH - MARGIN.right);
  const y = svgScale(decades[0], decades[1], HEIGHT - MARGIN.bottom, MARGIN.top);

  const parts = [svgText(MARGIN.left, 22, TITLE, 'start', 15)];
  for (let decade = decades[0]; decade <= decades[1]; decade++) {
    parts.push(svgLine(MARGIN.left, y(decade), WIDTH - MARGIN.right, y(decade), '#dddddd'));
    parts.push(svgText(MARGIN.left - 8, y(decade) + 4, duration(10 ** decade), 'end'));
  }
  for (const power of powers) {
    parts.push(svgText(x(power), HEIGHT - MARGIN.bottom + 18, `2^${power}`, 'middle'));
  }
  parts.push(svgText((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 12, 'domain size', 'middle'));
  names.forEach((name, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const points = workloads.flatMap((workload) => {
      const timing = workload.timings.find((candidate) => candidate.name === name);
      return timing === undefined ? [] : [[x(workload.power), y(Math.log10(timing.medianMs))] as const];
    });
    parts.push(svgCurve(points, colour));
    const row = MARGIN.top + 10 + 20 * index;
    parts.push(svgLine(WIDTH - MARGIN.right + 15, row - 4, WIDTH - MARGIN.right + 35, row - 4, colour, 2));
    parts.push(svgText(WIDTH - MARGIN.right + 40, row, name, 'start'));
  });
  return svgDocument(WIDTH, HEIGHT, TITLE, parts);
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}
