/**
 * Filters that users store for `/sync`, and the reading of every `filter` parameter. Owns the table `filters`.
 * Spec: client-server API, "Filtering".
 */
export { Filters, MAX_FILTER_BYTES } from './filters.service';
