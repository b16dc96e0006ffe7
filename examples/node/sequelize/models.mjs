// The Sequelize models of the old system on the tables that the library migrates. What differs from the old models is
// said where it stands; everything else is as it was.

import pg from 'pg';
import { DataTypes, Sequelize } from 'sequelize';

// Keys are bigint, which pg hands over as strings, because not every bigint fits a number. Ours do: the library has ids
// as numbers too. The setting counts for every use of pg in the process, and COUNT becomes a number with it.
pg.defaults.parseInt8 = true;

const id = { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true };

// The database keeps these columns, with its own clock and whoever writes. Hence `timestamps: false` below: Sequelize
// would write the clock of this process into them.
const kept = (type) => ({
  type,
  set(_value, column) {
    throw new TypeError(`the database keeps ${column}`);
  },
});
const createdAt = kept(DataTypes.DATE);
const updatedAt = kept(DataTypes.DATE);
// Raised by one with every change; `where: { id, version }` makes an update fail that would overwrite another.
const version = kept(DataTypes.BIGINT);
// Who made the row and who last changed it, where the library acts as a user. A change by Sequelize is nobody's.
const createdBy = DataTypes.BIGINT;
const updatedBy = kept(DataTypes.BIGINT);

// The enum types are there: crm.lead_stage and so on. Sequelize would only ask for their names to create them; to read,
// write and compare, the labels are enough. Say `[Op.in]`, not `[Op.any]`, which makes them an array of text.
const oneOf = (...labels) => DataTypes.ENUM(...labels);

/** Opens the models on the database of this URL; `close()` of the `sequelize` among them ends it. */
export function openModels(url) {
  const sequelize = new Sequelize(url, {
    dialect: 'postgres',
    dialectModule: pg,
    logging: false,
    pool: { max: 10, min: 0, acquire: 30_000, idle: 10_000 },
    // Columns are snake_case, attributes stay camelCase: createdAt is created_at.
    define: { schema: 'crm', underscored: true, timestamps: false },
  });

  // Asks for the row as the database has stored it, so that updatedAt and version are right after a save() too.
  sequelize.addHook('beforeUpdate', (_row, options) => {
    options.returning = true;
  });

  // `sync({ alter: true })` would drop the columns that no model names, and `force` the data.
  const refuse = () => {
    throw new Error('the library keeps the schema: call crm.migrate(), never sync()');
  };
  sequelize.addHook('beforeBulkSync', refuse);
  sequelize.addHook('beforeSync', refuse);

  // No `indexes` and no `unique`, which sync() would make. An email is unique without regard to case, by the index
  // idx_users_email on lower(email): upsert() cannot go by it, and a UniqueConstraintError names it in
  // `error.parent.constraint`; `error.fields` has the expression instead of the attribute.
  const User = sequelize.define('User', {
    id,
    name: { type: DataTypes.STRING, allowNull: false },
    email: { type: DataTypes.STRING, allowNull: false, validate: { isEmail: true } },
    // A hash. Whoever logs in does it through the library, which replaces bcrypt by argon2id at the first time; the
    // old bcrypt.compare() fails from then on. So it is not read unless asked for: User.unscoped().
    password: { type: DataTypes.STRING, allowNull: false },
    role: { type: oneOf('admin', 'user'), defaultValue: 'user' },
    // New: since when somebody may no longer log in.
    deactivatedAt: DataTypes.DATE,
    createdAt,
    updatedAt,
    version,
  }, { tableName: 'users', defaultScope: { attributes: { exclude: ['password'] } } });

  /** Finds a user by email without regard to case, as the index does; `where: { email }` would read every user. */
  User.findByEmail = (email, options) => User.findOne({
    ...options,
    where: sequelize.literal('lower("User"."email" collate "C") = lower(:email collate "C")'),
    replacements: { email },
  });

  const Customer = sequelize.define('Customer', {
    id,
    name: { type: DataTypes.STRING, allowNull: false },
    email: { type: DataTypes.STRING, validate: { isEmail: true } },
    phone: DataTypes.STRING(50),
    company: DataTypes.STRING,
    // The column is text[]; with ARRAY(STRING) `[Op.contains]` would compare it with a varchar[], which is an error.
    tags: { type: DataTypes.ARRAY(DataTypes.TEXT), allowNull: false, defaultValue: [] },
    notes: DataTypes.TEXT,
    createdBy,
    updatedBy,
    createdAt,
    updatedAt,
    version,
  }, { tableName: 'customers' });

  const Lead = sequelize.define('Lead', {
    id,
    title: { type: DataTypes.STRING, allowNull: false },
    description: DataTypes.TEXT,
    stage: { type: oneOf('lead', 'qualified', 'proposal', 'closed'), defaultValue: 'lead' },
    // Money is a string, '50000.00', here as in the library: a number is not exact. What has a third decimal is rounded
    // here and refused by the library.
    value: { type: DataTypes.DECIMAL(10, 2), validate: { min: 0 } },
    createdBy,
    updatedBy,
    createdAt,
    updatedAt,
    version,
  }, { tableName: 'leads' });

  const Task = sequelize.define('Task', {
    id,
    title: { type: DataTypes.STRING, allowNull: false },
    description: DataTypes.TEXT,
    status: { type: oneOf('pending', 'in-progress', 'completed'), defaultValue: 'pending' },
    priority: { type: oneOf('low', 'medium', 'high'), defaultValue: 'medium' },
    // A day without a time, 'YYYY-MM-DD'.
    dueDate: DataTypes.DATEONLY,
    createdBy,
    updatedBy,
    createdAt,
    updatedAt,
    version,
  }, { tableName: 'tasks' });

  const Interaction = sequelize.define('Interaction', {
    id,
    type: { type: oneOf('call', 'email', 'meeting', 'note'), allowNull: false },
    notes: DataTypes.TEXT,
    date: { type: DataTypes.DATE, defaultValue: DataTypes.NOW },
    createdAt,
    version,
  }, { tableName: 'interactions' });

  // The six relationships. What happens to the rows of one that is deleted is the database's: a customer takes them
  // along, a user leaves them behind.
  User.hasMany(Lead, { as: 'leads', foreignKey: 'assignedTo' });
  Lead.belongsTo(User, { as: 'assignee', foreignKey: 'assignedTo' });
  User.hasMany(Task, { as: 'tasks', foreignKey: 'assignedTo' });
  Task.belongsTo(User, { as: 'assignee', foreignKey: 'assignedTo' });
  User.hasMany(Interaction, { as: 'interactions', foreignKey: 'createdBy' });
  Interaction.belongsTo(User, { as: 'creator', foreignKey: 'createdBy' });
  Customer.hasMany(Lead, { as: 'leads', foreignKey: 'customerId' });
  Lead.belongsTo(Customer, { as: 'customer', foreignKey: 'customerId' });
  Customer.hasMany(Task, { as: 'tasks', foreignKey: 'customerId' });
  Task.belongsTo(Customer, { as: 'customer', foreignKey: 'customerId' });
  Customer.hasMany(Interaction, { as: 'interactions', foreignKey: { name: 'customerId', allowNull: false } });
  Interaction.belongsTo(Customer, { as: 'customer', foreignKey: { name: 'customerId', allowNull: false } });

  return { sequelize, User, Customer, Lead, Task, Interaction };
}
