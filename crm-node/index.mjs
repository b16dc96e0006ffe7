import crm from './lib/index.js';

export const { CrmError, INTERACTION_TYPES, PHASES, PRIORITIES, ROLES, STAGES, TASK_STATUSES, connect, embedded } = crm;
