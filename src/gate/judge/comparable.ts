import type { Gate } from "../file/types.ts";

/**
 * Checks that compare with a base, for a run that has none: they would match no data. An exact check of a gate that has a
 * file of accepted values may go without: what it finds can be accepted, and is from then on what it compares with.
 *
 * @returns Names with their layers, such as `relative.speed`.
 */
export function checksOfBase({ checks, accepted }: Gate): string[] {
  const like = checks.quality.filter(
    ({ metric, against }) => (metric === "psnr" || metric === "ssim") && against === undefined,
  );
  const exact = accepted === undefined ? checks.exact : [];
  return [...exact, ...like, ...checks.relative].map(({ layer, name }) => `${layer}.${name}`);
}
