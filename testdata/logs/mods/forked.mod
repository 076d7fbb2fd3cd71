module example.com/p

go 1.22

require example.com/forked v1.0.0
