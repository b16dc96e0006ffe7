SELECT t.*, c.name as customer_name, u.name as assigned_to_name
FROM tasks t
JOIN customers c ON t.customer_id = c.id
LEFT JOIN users u ON t.assigned_to = u.id
WHERE t.status = 'pending'
  AND t.due_date <= CURRENT_DATE + INTERVAL '7 days'
ORDER BY 
  CASE t.priority
    WHEN 'high' THEN 1
    WHEN 'medium' THEN 2
    WHEN 'low' THEN 3
  END,
  t.due_date;
