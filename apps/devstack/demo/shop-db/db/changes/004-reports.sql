--liquibase formatted sql

--changeset cem:current-price labels:reports
--comment: The price that holds now
create view current_price as
select distinct on (product_id) product_id, cents, currency
from price
where valid_from <= now()
order by product_id, valid_from desc;
--rollback drop view current_price;

--changeset cem:order-total labels:reports splitStatements:false
--comment: One statement with semicolons in it: it is not split
create function order_total(wanted bigint) returns bigint language plpgsql stable as $$
declare
  total bigint;
begin
  select coalesce(sum(quantity * cents), 0) into total from order_line where order_id = wanted;
  return total;
end;
$$;
--rollback drop function order_total(bigint);

--changeset cem:revenue-per-day labels:reports
create view revenue_per_day as
select date_trunc('day', placed_at) as day, count(*) as orders, sum(order_total(id)) as cents
from shop_order
where status in ('paid', 'shipped')
group by 1;
--rollback drop view revenue_per_day;
