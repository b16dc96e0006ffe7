// CommonJS gets the same types.
import crm = require('crm-node');

export const opened: Promise<crm.Crm> = crm.connect();
export const isOurs = (error: unknown): error is crm.CrmError => error instanceof crm.CrmError;
// @ts-expect-error it is not exported
export const native = crm.native;
