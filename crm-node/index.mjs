import crm from './lib/index.js';

export const {
  Acting,
  Crm,
  CrmError,
  Customers,
  Handle,
  INTERACTION_TYPES,
  Interactions,
  Leads,
  PRIORITIES,
  ROLES,
  Reports,
  Repository,
  Rows,
  STAGES,
  TASK_STATUSES,
  Tasks,
  Transaction,
  Users,
  connect,
  embedded,
} = crm;
