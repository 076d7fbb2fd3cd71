# What tab.zsh needs of zsh.
PS1=
fpath=($FUNCTIONS $fpath)
autoload -Uz compinit && compinit -u -D
[[ -n $FUNCTIONS ]] || eval "$(pinfix completion zsh)"
setopt no_beep
compadd() {
	if [[ -z ${(M)@:#-[OAD]*} ]]; then # what only asks offers nothing
		local -a hits
		builtin compadd -O hits "$@"
		print -rl -- $hits >>$OFFERS
	fi
	builtin compadd "$@"
}
line() { print -r -- "<<<$BUFFER>>>"; BUFFER= }
zle -N line
bindkey '^Xz' line
