# What tab.zsh needs of bash.
PS1=
bind 'set bell-style none'
line() { printf '<<<%s>>>\n' "$READLINE_LINE"; READLINE_LINE= READLINE_POINT=0; }
bind -x '"\C-xz": line'
if [ "$LAZY" ]; then
	# As Debian's ~/.bashrc does it; it reads ~/.local/share/bash-completion.
	source /usr/share/bash-completion/bash_completion
	return
fi
eval "$(pinfix completion bash)"
shown() { _pinfix "$@"; printf '%s\n' "${COMPREPLY[@]}" >"$OFFERS"; }
complete -o default -F shown pinfix
COMP_WORDBREAKS=${COMP_WORDBREAKS//["$UNBROKEN"]/}
