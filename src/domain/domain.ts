/** All services of the domain, one member per feature, as the doors see them. Composed in `main/compose.ts`. */
export type Domain = Readonly<Record<never, never>>;
