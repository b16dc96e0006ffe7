SELECT stage, 
       COUNT(*) as count,
       SUM(value) as total_value
FROM leads
GROUP BY stage
ORDER BY 
  CASE stage 
    WHEN 'lead' THEN 1
    WHEN 'qualified' THEN 2
    WHEN 'proposal' THEN 3
    WHEN 'closed' THEN 4
  END;
