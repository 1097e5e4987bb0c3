/** The straight line through some points that is closest to them. */
export interface Trend {
  readonly slope: number;
  /** Standard error of the slope. */
  readonly error: number;
}

/** Of at least three points. */
export function trend(points: readonly (readonly [x: number, y: number])[]): Trend {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const off = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, error: Math.sqrt(off / Math.max(1, points.length - 2) / spread) };
}
