# zsh -f tab.zsh INIT SHELL... <cases: for each case types what stands before the
# | and the Tab key into an interactive SHELL on a terminal of its own, and prints
# what becomes of the line; below it, what the shell was offered. SHELL reads INIT
# first, which binds Ctrl-X z to a function that prints <<<the line>>> and clears
# it, and writes what is offered into the file $OFFERS.
emulate -R zsh
zmodload zsh/zpty || exit 2
init=$1
shift
zpty shell "$@" || exit 2
zpty -w shell "source '$init'"
zpty -w -n shell $'\030z'
zpty -r shell output '*<<<>>>*' || exit 2
while IFS= read -r line; do
	: >$OFFERS
	zpty -w -n shell ${line%|}$'\t\030z'
	zpty -r shell output '*<<<*>>>*' || exit 2
	print -r -- "$line ${${output##*<<<}%%>>>*}|"
	offers=("${(@f)$(<$OFFERS)}")
	print -rC1 -- "  "${(ou)^offers:#}
done
zpty -d shell
