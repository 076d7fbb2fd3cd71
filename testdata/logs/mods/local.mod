module example.com/p

go 1.22

require example.com/local v1.2.0

replace example.com/local => ./local
