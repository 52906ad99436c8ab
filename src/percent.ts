/**
 * A share of one as text: `12.3 %`, three significant digits, or as many decimals as `decimals` says (for columns that
 * are compared line by line).
 */
export function percent(share: number, decimals?: number): string {
  return `${decimals === undefined ? Number((100 * share).toPrecision(3)) : (100 * share).toFixed(decimals)} %`;
}
