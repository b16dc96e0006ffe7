INSERT INTO users (name, email, password, role) VALUES
('Admin User', 'admin@crm.com', '$2b$10$...', 'admin'),
('Regular User', 'user@crm.com', '$2b$10$...', 'user');

INSERT INTO customers (name, email, phone, company, tags, notes) VALUES
('Acme Corporation', 'contact@acme.com', '+1-555-0123', 'Acme Corp', ARRAY['Enterprise', 'Technology'], 'Initial contact made'),
('TechStart Inc', 'hello@techstart.com', '+1-555-0124', 'TechStart', ARRAY['Startup', 'Technology'], 'Interested in CRM solution');

INSERT INTO leads (title, description, stage, value, customer_id, assigned_to) VALUES
('Enterprise Software Deal', 'Large enterprise looking for CRM solution', 'qualified', 50000.00, 1, 1),
('Startup CRM Implementation', 'Tech startup needs basic CRM setup', 'lead', 15000.00, 2, 2);

INSERT INTO tasks (title, description, status, priority, due_date, assigned_to, customer_id) VALUES
('Follow up with Acme Corp', 'Schedule demo meeting for enterprise solution', 'pending', 'high', '2024-01-15', 1, 1),
('Send proposal to TechStart', 'Prepare and send detailed proposal', 'in-progress', 'medium', '2024-01-20', 2, 2);

INSERT INTO interactions (customer_id, type, notes, created_by) VALUES
(1, 'call', 'Followed up on proposal - client requested meeting', 1),
(2, 'email', 'Sent initial proposal and pricing', 2);
