// How two sides are called when they are named by their folders.

/** Both without the folder that they have in common: `overlays/staging` and `overlays/production` are `staging` and `production`. */
export function sideLabels(a: string, b: string): readonly [a: string, b: string] {
  const [left, right] = [a, b].map((path) => path.replace(/(?<=[^/])\/{1,20}$/, '').split('/')) as [string[], string[]];
  let same = 0;
  while (same < Math.min(left.length, right.length) - 1 && left[same] === right[same]) same++;
  const labels = [left.slice(same).join('/'), right.slice(same).join('/')] as const;
  return labels[0] === labels[1] ? [a, b] : labels;
}
