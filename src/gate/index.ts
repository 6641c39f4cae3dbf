export { hodgesLehmann, signedRankBounds } from "./stats/signed-rank.ts";
