--liquibase formatted sql

--changeset dia:test-customers context:staging labels:test-data
--comment: Made-up people; production never sees them
insert into customer (email, name) values
  ('ada@example.com', 'Ada Test'),
  ('bob@example.com', 'Bob Test'),
  ('eve@example.com', 'Eve Test');
--rollback delete from customer where email in ('ada@example.com', 'bob@example.com', 'eve@example.com');

--changeset dia:test-orders context:staging labels:test-data
with placed as (
  insert into shop_order (customer_id, status)
  select id, 'paid' from customer where email = 'ada@example.com'
  returning id
)
insert into order_line (order_id, product_id, quantity, cents)
select placed.id, current_price.product_id, 2, current_price.cents from placed cross join current_price;
--rollback delete from shop_order where customer_id in (select id from customer where email = 'ada@example.com');
