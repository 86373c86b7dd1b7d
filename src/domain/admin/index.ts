/**
 * Administration: what administrators do to other accounts and rooms, with an audit log. Owns the table `audit_entries`.
 * Permission is checked before anything is looked up, so that others learn nothing from the answer.
 */
export { Admin, type AdminSources, type DeactivateUserOutcome, type DeactivateUserRequest } from './admin.service';
