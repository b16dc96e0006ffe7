SELECT c.*, 
       COUNT(i.id) as interaction_count,
       MAX(i.date) as last_interaction
FROM customers c
LEFT JOIN interactions i ON c.id = i.customer_id
GROUP BY c.id
ORDER BY last_interaction DESC;
