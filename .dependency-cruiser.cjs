/** Rooms of src/ by floor. A room imports from lower floors only, and only through a room's index.ts. */
const FLOORS = [
  ["errors"],
  ["tensor", "process", "files", "document"],
  ["diffusion", "spec", "model-config", "tensorrt"],
  ["plan"],
  ["repository", "lint", "engine", "server", "client"],
  ["bench"],
  ["gate", "gateway"],
  ["cli"],
];

/** Packages that only one room may import, so that each outside world has one door; two rooms write schemas. */
const OWNED = {
  execa: "process",
  ajv: "document",
  yaml: "document",
  typebox: ["spec", "gate"],
  "@grpc/grpc-js": "client",
  "@grpc/proto-loader": "client",
  "@opentelemetry/api": "client",
  commander: "cli",
};

const DISK_ROOMS = ["files", "repository", "engine", "server", "lint", "bench", "gate", "cli"];

const group = (rooms) => `^src/(${rooms.join("|")})/`;

const floorRules = FLOORS.flatMap((rooms, floor) => {
  const above = FLOORS.slice(floor + 1).flat();
  return rooms.flatMap((room) => {
    const forbidden = [...above, ...rooms.filter((other) => other !== room)];
    if (forbidden.length === 0) return [];
    return [
      {
        name: `floor-${floor}-${room}`,
        comment: `${room}/ stands on floor ${floor}: it may import lower floors only, never a sibling or a floor above.`,
        severity: "error",
        from: { path: `^src/${room}/` },
        to: { path: group(forbidden) },
      },
    ];
  });
});

const doorRules = FLOORS.flat().map((room) => ({
  name: `door-of-${room}`,
  comment: `Enter ${room}/ by its index.ts; what that does not export is nobody else's business.`,
  severity: "error",
  from: { path: "^(src|e2e)/", pathNot: `^src/${room}/` },
  to: { path: `^src/${room}/`, pathNot: `^src/${room}/(index|observe/opentelemetry)\\.ts$` }, // the latter is an entry of the package
}));

const ownerRules = Object.entries(OWNED).map(([name, owner]) => ({
  name: `only-${[owner].flat().join("-")}-imports-${name.replace(/[@/]/g, "-")}`,
  comment: `${name} belongs to ${[owner].flat().join(" and ")}; ask that room for what you need.`,
  severity: "error",
  from: { path: "^src/", pathNot: group([owner].flat()) },
  to: { path: `^node_modules/${name}/` },
}));

module.exports = {
  forbidden: [
    { name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
    {
      name: "disk-at-the-rim",
      comment: "The middle is pure: text in, text out. Read or write files in the rooms at the rim.",
      severity: "error",
      from: { path: "^src/", pathNot: [group(DISK_ROOMS), "\\.test\\.ts$"] },
      to: { path: "^(node:)?fs(/promises)?$" },
    },
    {
      name: "no-tests-in-source",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { path: "\\.test\\.ts$" },
    },
    ...floorRules,
    ...doorRules,
    ...ownerRules,
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
