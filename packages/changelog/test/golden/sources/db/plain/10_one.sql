create table plain_one (id int);

-- with a comment; and a ${greeting}
insert into plain_one values (1);
