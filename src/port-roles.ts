/**
 * The roles of what crosses a circuit's border, one row each: the order of the public signals is that of this table.
 * What the compiler and the prover ask of a role is its row in `compile/ports.ts`, what the contracts see of it its row
 * in `solidity/`.
 */

export const VISIBILITIES = ['public', 'private', 'hashed'] as const;
/** Who sees a port's values: everybody; nobody; or, with a commitment to them public, whoever is shown them. */
export type Visibility = (typeof VISIBILITIES)[number];

interface PortRow {
  /** Name of the port's list of tensors in a manifest. */
  readonly tensors: string;
  /** Visibility unless another one is chosen. */
  readonly visibility: Visibility;
}

const PORTS = {
  output: { tensors: 'outputs', visibility: 'public' },
  input: { tensors: 'inputs', visibility: 'hashed' },
} as const satisfies Readonly<Record<string, PortRow>>;

export type PortRole = keyof typeof PORTS;
export const PORT_ROLES = Object.keys(PORTS) as readonly PortRole[];

/** Names of the ports' lists of tensors in a manifest. */
export type PortField = (typeof PORTS)[PortRole]['tensors'];

/** Who sees the values of each port. */
export type PortVisibility = Readonly<Record<PortRole, Visibility>>;

/** The visibilities as options of `compile`: `inputVisibility` (default hashed), `outputVisibility` (default public). */
export type VisibilityOptions = { readonly [Role in PortRole as `${Role}Visibility`]?: Visibility };

/** A record with an entry for each port. */
export function perPort<T>(entry: (role: PortRole) => T): Record<PortRole, T> {
  return Object.fromEntries(PORT_ROLES.map((role) => [role, entry(role)])) as Record<PortRole, T>;
}

/** The port's list of tensors in a manifest. */
export function tensorsOfPort<Field>(manifest: Readonly<Record<PortField, Field>>, role: PortRole): Field {
  return manifest[PORTS[role].tensors];
}

/** A record of the ports' lists of tensors, as a manifest has them. */
export function perPortField<T>(entry: (role: PortRole) => T): Record<PortField, T> {
  return Object.fromEntries(PORT_ROLES.map((role) => [PORTS[role].tensors, entry(role)])) as Record<PortField, T>;
}

/** The chosen visibility of each port, else that of its row. */
export function completeVisibility(chosen: Partial<PortVisibility>): PortVisibility {
  return perPort((role) => chosen[role] ?? PORTS[role].visibility);
}

/** The visibility of each port by the options of `compile`. */
export function visibilityOf(options: VisibilityOptions): PortVisibility {
  return completeVisibility(perPort((role) => options[`${role}Visibility`]));
}

/** The options that give these visibilities. */
export function visibilityOptions(visibility: PortVisibility): Required<VisibilityOptions> {
  return Object.fromEntries(
    PORT_ROLES.map((role) => [`${role}Visibility`, visibility[role]]),
  ) as Required<VisibilityOptions>;
}
