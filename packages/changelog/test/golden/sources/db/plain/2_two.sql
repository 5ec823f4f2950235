insert into plain_one values (2)
