module example.com/p

go 1.22

require github.com/luraproject/lura/v2 v2.12.1
