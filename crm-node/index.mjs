import crm from './lib/index.js';

export const { CrmError, INTERACTION_TYPES, PRIORITIES, ROLES, STAGES, TASK_STATUSES, connect, embedded } = crm;
