import { type Finding, TriptychError } from "../errors/index.ts";
import type { Family, Video } from "./families.ts";

/** What speaks against a video: errors make it impossible, warnings only unusual. */
export interface VideoCheck {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** Shape of a latent: channels, latent frames, latent height, latent width. */
export type LatentShape = readonly [channels: number, frames: number, height: number, width: number];

/** Compares a video with what a family can make and with what it was trained for. */
export function checkVideo(family: Family, video: Video): VideoCheck {
  const errors = family.only === undefined ? ruleErrors(family, video) : onlyErrors(family.only, video);
  return { errors, warnings: errors.length === 0 ? sizeWarnings(family, video) : [] };
}

/**
 * Shape of the latent of a video: `[C, 1 + (frames − 1)/4, height/8, width/8]` for the families so far.
 *
 * @throws TriptychError `plan-impossible` where the family cannot make the video
 */
export function latentShape(family: Family, video: Video): LatentShape {
  const { errors } = checkVideo(family, video);
  if (errors.length > 0) throw videoImpossible(family, errors);
  const { temporal, spatial } = family.vaeStride;
  return [
    family.latentChannels,
    1 + (video.frames - 1) / temporal,
    video.height / spatial,
    video.width / spatial,
  ];
}

/** Tokens that an expert attends over: latent cells by patch size. */
export function tokenCount(family: Family, video: Video): number {
  const [, frames, height, width] = latentShape(family, video);
  const [time, down, across] = family.patch;
  return (frames / time) * (height / down) * (width / across);
}

/** Bytes of one latent in FP32, the precision of STATE. */
export function latentBytes(family: Family, video: Video): number {
  return latentShape(family, video).reduce((product, size) => product * size, 4);
}

/** Bytes of the decoded frames as UINT8 RGB. */
export function frameBytes(video: Video): number {
  return video.frames * video.height * video.width * 3;
}

function ruleErrors(family: Family, video: Video): Finding[] {
  const { temporal, spatial } = family.vaeStride;
  const [, down, across] = family.patch;
  return [
    ...multipleError("width", video.width, spatial * across),
    ...multipleError("height", video.height, spatial * down),
    ...framesError(video.frames, temporal),
  ];
}

function onlyErrors(only: Video, video: Video): Finding[] {
  const fields = ["width", "height", "frames"] as const;
  return fields
    .filter((field) => video[field] !== only[field])
    .map((field) =>
      finding(field, `${field} is ${video[field]}; this family makes ${only[field]} only.`, only[field]),
    );
}

function multipleError(field: "width" | "height", value: number, unit: number): Finding[] {
  if (value > 0 && Number.isInteger(value / unit)) return [];
  const near = Math.max(unit, Math.round(value / unit) * unit);
  return [finding(field, `${field} is ${value}; expected a multiple of ${unit} pixels.`, near)];
}

function framesError(value: number, stride: number): Finding[] {
  if (value > 0 && Number.isInteger((value - 1) / stride)) return [];
  const near = Math.max(0, Math.round((value - 1) / stride)) * stride + 1;
  return [finding("frames", `frames is ${value}; expected a multiple of ${stride}, plus 1.`, near)];
}

function sizeWarnings(family: Family, { width, height }: Video): Finding[] {
  if (family.sizes.some((size) => size.width === width && size.height === height)) return [];
  const trained = family.sizes.map((size) => `${size.width}x${size.height}`).join(", ");
  const message = `${width}x${height} is not a size that ${family.name} was trained for.`;
  return [{ rule: "video-size-untrained", message, hint: `Trained sizes: ${trained}.`, path: "video" }];
}

function finding(field: keyof Video, message: string, near: number): Finding {
  const hint = Number.isFinite(near) ? { hint: `Try ${near}.` } : {};
  return { rule: `video-${field}`, message, path: `video.${field}`, ...hint };
}

function videoImpossible(family: Family, findings: readonly Finding[]): TriptychError {
  const message = `${family.name} cannot make this video: ${findings.map((one) => one.message).join(" ")}`;
  return new TriptychError("plan-impossible", message, { details: { findings } });
}
